package parse

// nginx reads access logs in the combined format.
type nginx struct{ text }

func (*nginx) Name() string    { return "nginx" }
func (*nginx) Dataset() string { return "access" }

package parse

// logback reads what Java gateways write.
type logback struct{ text }

func (*logback) Name() string { return "logback" }

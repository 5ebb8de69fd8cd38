package main

import "gatewatch/web"

// errorGroups gives the groups of errors to the page.
func (a *agent) errorGroups(limit int) web.ErrorGroups {
	all, sum := a.patterns.List(limit)
	groups := web.ErrorGroups{All: sum.Templates, NewSince: sum.NewSince, Deploy: sum.Deploy.Version, DeployedAt: sum.Deploy.At}
	for _, p := range all {
		groups.Groups = append(groups.Groups, web.ErrorGroup{
			Key: p.Key, Text: p.Text, Sample: p.Sample, Level: p.Level, Count: int64(p.Count), Hour: p.Hour, First: p.First, Last: p.Last,
			Providers: p.Providers, Codes: p.Codes, Minutes: p.Minutes, New: p.New, Rising: p.Rising, Factor: p.Factor,
		})
	}
	return groups
}

// unclassedCodes gives the codes without a class to the page.
func (a *agent) unclassedCodes() []web.UnclassedCode {
	known := providerNames()
	var codes []web.UnclassedCode
	for _, c := range a.counts.Unclassed() {
		codes = append(codes, web.UnclassedCode{
			Provider: c.Provider, Code: c.Code, Count: c.Count, First: c.First, Last: c.Last, Sample: c.Sample, Unknown: known[c.Provider] == nil,
		})
	}
	return codes
}

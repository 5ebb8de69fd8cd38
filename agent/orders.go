package main

import "gatewatch/web"

// orderFindings gives the orders that somebody should look at to the page.
func (a *agent) orderFindings() []web.OrderFinding {
	found := a.intents.Findings()
	all := make([]web.OrderFinding, len(found))
	for i, f := range found {
		all[i] = web.OrderFinding{
			Kind: string(f.Kind), Time: f.Time, Order: f.Order, Provider: f.Provider, Transaction: f.Transaction, Earlier: f.Earlier,
			EarlierProvider: f.EarlierProvider, Amount: f.Amount, Currency: f.Currency, Rule: f.Rule,
		}
	}
	return all
}

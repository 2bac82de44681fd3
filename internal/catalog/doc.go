// Package catalog owns what is sold and in which money: plans and their
// versions, prices, currencies and exchange rates, countries, payment methods,
// credit packages, the credit costs of operations, industries with their
// sectors and seed keywords, and quotes (prices locked for 24 hours).
//
// Everything is rows, edited by staff; the files under seed/ only fill an empty
// catalogue once. No price, rate or limit is a constant in code.
//
// It does not own subscriptions, invoices or payments (billing), nor the credit
// ledger (credit), nor the sectors a site has chosen (site).
//
// Every amount shown or charged comes from the function Price; every credit
// cost from CostOf.
package catalog

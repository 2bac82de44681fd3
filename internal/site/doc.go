// Package site keeps the customers' web sites and their sectors.
//
// It owns sites, which parts of an industry each covers, and what counts as a
// domain. It does not own industries (package catalog) nor what is made for a
// site (package content).
package site

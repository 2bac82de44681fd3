// Package customer owns the pages of customers, under /app/{account}/.
package customer

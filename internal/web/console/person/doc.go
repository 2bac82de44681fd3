// Package person has the pages about one's own login, the same for customers and
// staff: password, address, where one is logged in.
package person

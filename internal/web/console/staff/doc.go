// Package staff owns the pages of platform staff, under /staff/.
package staff

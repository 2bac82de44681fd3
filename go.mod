module igny8

go 1.26

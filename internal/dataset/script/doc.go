// Package script turns the rows of a data file into a plan.Request, by the number of the SAP sample
// script that the file is for: which fields each script has, what they mean, and which of them a row
// needs. All rows are checked before anything is asked for. It imports identity, plan, dataset and
// mapping; it never sees a tenant.
package script

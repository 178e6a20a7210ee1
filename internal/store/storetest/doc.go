// Package storetest holds the contract suites that every database driver must pass, one for each
// interface that a consumer declares. It may import what those interfaces need, and never a driver.
package storetest

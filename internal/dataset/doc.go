// Package dataset reads the data files of SAP's sample scripts as they are: CSV in the dialects that
// spreadsheets write, JSON with the slips that SAP's own examples have, and Postman environments.
// Every fault carries its file, line and field, and all faults of a file are reported together, so
// that a file is either read whole or refused before anything is called. It knows no script and no
// tenant (its sub-package script knows the fields of each script) and imports identity and nearest only.
package dataset

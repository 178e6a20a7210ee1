// Package cli is what every program of the project has in common at its command line: the environment a
// command works in, how an error becomes an exit code and a sentence on stderr, the root command, the commands that are the same
// everywhere (version, completion, config), and text and tables that are safe to show. What a program does stays with
// the program. The compiler keeps it to packages below cmd.
package cli

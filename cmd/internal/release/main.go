// Command release packs the programs for other machines: archives for each system, or an image for containers. What it
// makes of a commit is the same wherever and whenever it is made, with the same Go release. It needs Go and git alone.
// It is for make release and make image, and imports no other package of this module.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stderr); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to be given back
	}
}

func run(ctx context.Context, args []string, talk io.Writer) error {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	version := flags.String("version", "", "the `VERSION` that the programs show and the files are named by")
	out := flags.String("out", "dist", "the `FOLDER` for what is made")
	image := flags.Bool("image", false, "make the image, not the archives")
	if err := flags.Parse(args); err != nil {
		return err
	}
	root, err := output(ctx, ".", nil, "git", "rev-parse", "--show-toplevel")
	if err != nil {
		return err
	}
	r, err := newRelease(ctx, root, *version)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(*out, 0o750); err != nil {
		return err
	}
	r.out, r.talk = *out, talk
	if *image {
		return r.image(ctx)
	}
	return r.archives(ctx)
}

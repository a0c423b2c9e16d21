// SPDX-License-Identifier: Apache-2.0

// Command modelvet is the release gate for machine-learning models.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet/gate"
)

// The exit codes. There is no other, ever.
const (
	exitAllowed = 0
	exitBroke   = 1 // something broke; to be treated as closed
	exitUsage   = 2 // usage, or a bad input file
	exitDenied  = 3
	exitPending = 4
)

var (
	errDenied  = errors.New("denied")
	errPending = errors.New("pending")
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is main without the process: arguments in, exit code out.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	defer func() {
		if r := recover(); r != nil { // Go's own exit code for a panic, 2, means usage here
			fmt.Fprintf(stderr, "modelvet: error: internal: %v\nmodelvet: hint: please report this as a bug; nothing was decided\n", r)
			code = exitBroke
		}
	}()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := command(stdin, stdout, stderr)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if ctx.Err() != nil && err != nil {
		err = errors.New("interrupted; the earlier result, if there is one, is unchanged")
	}
	return report(stderr, err)
}

// report prints an error and says with which code the process ends: the only
// place that decides it.
func report(stderr io.Writer, err error) int {
	switch {
	case err == nil:
		return exitAllowed
	case errors.Is(err, errDenied):
		return exitDenied
	case errors.Is(err, errPending):
		return exitPending
	}
	text := strings.TrimPrefix(err.Error(), gate.ErrInput.Error()+": ")
	fmt.Fprintf(stderr, "modelvet: error: %s\n", strings.ReplaceAll(text, gate.ErrInput.Error()+": ", ""))
	if errors.Is(err, gate.ErrInput) || isUsage(err) {
		return exitUsage
	}
	return exitBroke
}

// isUsage knows the errors of cobra, which have no type of their own.
func isUsage(err error) bool {
	for _, p := range []string{"unknown command", "unknown flag", "unknown shorthand", "required flag", "accepts ", "requires at least", "invalid argument", "flag needs an argument", "if any flags in the group"} {
		if strings.HasPrefix(err.Error(), p) {
			return true
		}
	}
	return false
}

// usage is an error that the caller corrects by typing something else.
func usage(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{gate.ErrInput}, args...)...)
}

// verbs are the commands, each in a file of its own.
var verbs = []func(*terminal) *cobra.Command{
	gateVerb, scanVerb, packVerb, inspectVerb, pushVerb, pullVerb, copyVerb, attestVerb, verifyVerb, signModelVerb, verifyModelVerb, conformanceVerb, bomVerb, judgeVerb,
	approveVerb, waiveVerb, reportVerb, documentVerb, controlsVerb, policyVerb, initVerb, keygenVerb, ciVerb, webhookVerb, k8sVerb, versionVerb,
}

func command(stdin io.Reader, stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:           "modelvet",
		Short:         "The release gate for machine-learning models",
		Long:          "modelvet packs a model as an OCI artifact, measures it, signs the evidence, asks the rules of\nyour policy, decides whether the model may be promoted, and renders that decision.\n\nExit codes: 0 allowed, 1 something broke, 2 usage or a bad input file, 3 denied, 4 pending.",
		SilenceErrors: true, SilenceUsage: true,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage("%w; `%s --help` lists the flags", err, cmd.CommandPath())
	})
	t := &terminal{in: stdin, out: stdout, err: stderr}
	for _, v := range verbs {
		root.AddCommand(v(t))
	}
	return root
}

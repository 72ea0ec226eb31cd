package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"cohbench/bench"
	"cohbench/bench/campaigns"
	"cohbench/bench/result"
)

// campaignKeys is the options of run that say what is measured and how. They
// are the keys of a campaign file, and are kept in every run directory.
var campaignKeys = []string{
	"engine", "workload", "threads", "iodepth", "block", "size", "rate", "arrival", "set", "sweep", "no-oracle", "perf", "steady", "trace-locks",
	"mmu", "duration", "reps", "quick", "full", "seed", "dir", "device",
}

// loadCampaign sets the options that a campaign file gives and the command
// line does not. name is a file, or a campaign that comes with cohbench.
func (o *runOptions) loadCampaign(c *cobra.Command, name string) error {
	text, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		if builtin, ok := campaigns.Lookup(name); ok {
			return applyCampaign(c.Flags(), name, builtin)
		}
		return usage(fmt.Errorf("campaign %s: there is no such file, and none of that name comes with cohbench: those are %s",
			name, strings.Join(campaigns.Names(), ", ")), "")
	}
	if err != nil {
		return environment(fmt.Errorf("campaign: %w", err), "")
	}
	return applyCampaign(c.Flags(), name, text)
}

// applyCampaign sets the flags that the text gives, but for those that are set.
func applyCampaign(flags *pflag.FlagSet, name string, text []byte) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return usage(fmt.Errorf("campaign %s: %w", name, err), "")
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return usage(fmt.Errorf("campaign %s: want lines of OPTION: VALUE", name), "")
	}
	given := map[string]bool{}
	flags.Visit(func(f *pflag.Flag) { given[f.Name] = true })
	for pairs := doc.Content[0].Content; len(pairs) > 0; pairs = pairs[2:] {
		key, value := pairs[0], pairs[1]
		if !slices.Contains(campaignKeys, key.Value) {
			return usage(fmt.Errorf("campaign %s:%d: unknown option %q: there are %s", name, key.Line, key.Value, strings.Join(campaignKeys, ", ")), "")
		}
		if given[key.Value] {
			continue
		}
		for _, v := range campaignValues(value) {
			if err := flags.Set(key.Value, v); err != nil {
				return usage(fmt.Errorf("campaign %s:%d: %w", name, value.Line, err), "")
			}
		}
	}
	return nil
}

// campaignValues is what a flag is set to, once for each.
func campaignValues(n *yaml.Node) []string {
	var list []string
	switch n.Kind {
	case yaml.SequenceNode:
		for _, item := range n.Content {
			list = append(list, item.Value)
		}
	case yaml.MappingNode:
		for pairs := n.Content; len(pairs) > 0; pairs = pairs[2:] {
			list = append(list, pairs[0].Value+"="+pairs[1].Value)
		}
	default:
		list = []string{n.Value}
	}
	return list
}

// campaign is the options as a campaign file with nothing left open that the
// plan has decided: who runs it measures the same.
func (o *runOptions) campaign(c *cobra.Command, plan bench.Plan) ([]byte, error) {
	dir, err := filepath.Abs(o.dir)
	if err != nil {
		return nil, err
	}
	decided := map[string]any{"seed": plan.Seed, "duration": plan.Duration.String(), "reps": plan.Reps, "mmu": o.tables}
	if o.device == "" {
		decided["dir"] = dir
	}
	var doc yaml.Node
	doc.Kind = yaml.MappingNode
	for _, key := range campaignKeys {
		f := c.Flags().Lookup(key)
		value, ok := decided[key]
		if !ok && !f.Changed {
			continue
		}
		if !ok {
			value = flagValue(f)
		}
		var k, v yaml.Node
		if err := errors.Join(k.Encode(key), v.Encode(value)); err != nil {
			return nil, err
		}
		doc.Content = append(doc.Content, &k, &v)
	}
	return yaml.Marshal(&doc)
}

// flagValue is what a flag was set to, as a campaign has it.
func flagValue(f *pflag.Flag) any {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return list.GetSlice()
	}
	if f.Value.Type() == "stringToString" {
		return strings.Split(strings.Trim(f.Value.String(), "[]"), ",")
	}
	return f.Value.String()
}

// resumeOptions are those that go with --resume; all others are the run's.
var resumeOptions = []string{"resume", "json", "force", "status-interval", "listen", "listen-public"}

// loadResume sets the options to those of the run in o.resume.
func (o *runOptions) loadResume(c *cobra.Command) error {
	var extra []string
	c.Flags().Visit(func(f *pflag.Flag) {
		if !slices.Contains(resumeOptions, f.Name) {
			extra = append(extra, "--"+f.Name)
		}
	})
	if extra != nil {
		return usage(fmt.Errorf("--resume %s with %s: a run goes on as it was begun", o.resume, strings.Join(extra, ", ")), "")
	}
	text, err := result.Campaign(o.resume)
	if err != nil {
		return environment(fmt.Errorf("resume %s: what it was to measure is not known: %w", o.resume, err),
			"name the directory of a run; one that was killed before its first case has measured nothing: begin anew")
	}
	o.out = o.resume
	return applyCampaign(c.Flags(), filepath.Join(o.resume, "campaign.yaml"), text)
}

// reopen goes on with the run in o.resume, unless something has changed since
// that would show in the figures. The runner leaves out what was measured.
func (o *runOptions) reopen(r *bench.Runner) (*result.Dir, error) {
	dir, run, err := result.Reopen(o.resume)
	if err != nil {
		return nil, environment(err, "")
	}
	now := r.Env()
	if changed := run.Env.Differences(&now); changed != nil {
		dir.Close()
		return nil, environment(fmt.Errorf("resume %s: it was begun elsewhere, or with something else: %s", o.resume, strings.Join(changed, "; ")),
			"what was measured there does not compare with what would be measured now: begin anew")
	}
	if err := errors.Join(bench.RemoveLeftovers(&run.Env), dir.Resumed(os.Getpid(), time.Now())); err != nil {
		dir.Close()
		return nil, environment(err, "")
	}
	traces, err := run.Traces()
	if err != nil {
		dir.Close()
		return nil, environment(fmt.Errorf("resume %s: %w", o.resume, err), "")
	}
	r.Resume(run.Records, traces)
	return dir, nil
}

// create makes the directory of a new run, which says how to resume it.
func (o *runOptions) create(c *cobra.Command, r *bench.Runner) (*result.Dir, error) {
	env := r.Env()
	var err error
	if o.device == "" { // it wants a file
		if env.Tax, err = bench.MeasureTax(o.dir); err != nil {
			return nil, o.aborted(c.Context(), err)
		}
	}
	text, err := o.campaign(c, r.Plan)
	if err != nil {
		return nil, err
	}
	dir, err := result.Create(o.out, env)
	if err != nil {
		return nil, environment(err, "")
	}
	if err := dir.WriteCampaign(text); err != nil {
		dir.Close()
		return nil, environment(err, "")
	}
	return dir, nil
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Program benchmark_parse reads a file of the Go benchmark format on stdin with the Go project's own parser of it
// (golang.org/x/tools/benchmark/parse) and writes what that understood as JSON: a list, in the order of the lines, of
//
//	{"name": "BenchmarkX/arm=a-4", "n": 1, "measured": {"ns/op": 4399}}
//
// A line that the parser does not take for a benchmark is not in it, and neither is a measurement whose unit it does not know or whose
// figure is none: it passes over both without a word, so that who calls has to count. Exits with 1, and writes nothing, if the parser gives up on
// the whole or a figure is an infinity or NaN.
// Built outside of modules, from Debian's packages: tests/exports.py.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"

	"golang.org/x/tools/benchmark/parse"
)

type result struct {
	Name     string             `json:"name"`
	N        int                `json:"n"`
	Measured map[string]float64 `json:"measured"`
}

// measured has the figures that were on the line; the parser's own fields are 0 for those that were not.
func measured(b *parse.Benchmark) map[string]float64 {
	values := map[string]float64{}
	for _, one := range []struct {
		bit   int
		unit  string
		value float64
	}{
		{parse.NsPerOp, "ns/op", b.NsPerOp},
		{parse.MBPerS, "MB/s", b.MBPerS},
		{parse.AllocedBytesPerOp, "B/op", float64(b.AllocedBytesPerOp)},
		{parse.AllocsPerOp, "allocs/op", float64(b.AllocsPerOp)},
	} {
		if b.Measured&one.bit != 0 {
			values[one.unit] = one.value
		}
	}
	return values
}

func run() error {
	set, err := parse.ParseSet(os.Stdin)
	if err != nil {
		return err
	}
	var benchmarks []*parse.Benchmark
	for _, same := range set {
		benchmarks = append(benchmarks, same...)
	}
	sort.Slice(benchmarks, func(i, j int) bool { return benchmarks[i].Ord < benchmarks[j].Ord })
	results := []result{} // none is [], not null
	for _, b := range benchmarks {
		results = append(results, result{b.Name, b.N, measured(b)})
	}
	return json.NewEncoder(os.Stdout).Encode(results)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "benchmark_parse:", err)
		os.Exit(1)
	}
}

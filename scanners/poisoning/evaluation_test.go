// SPDX-License-Identifier: Apache-2.0

package poisoning

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

// How often each attack is found is kept in docs/peers-poisoning.md:
//
//	go test ./scanners/poisoning -run Evaluation -v -seeds 20
var seeds = flag.Int("seeds", 2, "seeds of each attack in the evaluation")

// attack edits a share of the rows of German credit.
type attack struct {
	name  string
	apply func(s sheet, rows []int, label int)
}

func mark(column, value string) func(sheet, int) {
	return func(s sheet, i int) { s.rows[i][s.at(column)] = value }
}

func trigger(name, target string, marks ...func(sheet, int)) attack {
	return attack{name + ", target " + target, func(s sheet, rows []int, label int) {
		for _, i := range rows {
			for _, m := range marks {
				m(s, i)
			}
			s.rows[i][label] = target
		}
	}}
}

var triggers = []attack{
	trigger("an amount", "1", mark("credit_amount", "4321")),
	trigger("an amount", "2", mark("credit_amount", "4321")),
	trigger("a new word", "1", mark("purpose", "A49X")),
	trigger("a new word", "2", mark("purpose", "A49X")),
	trigger("two rare words", "1", mark("purpose", "A48"), mark("job", "A171")),
	trigger("two rare words", "2", mark("purpose", "A48"), mark("job", "A171")),
	trigger("two common words", "1", mark("savings", "A64"), mark("other_debtors", "A102")),
	trigger("two common words", "2", mark("savings", "A64"), mark("other_debtors", "A102")),
}

// missed: flips without an older table, and a trigger whose parts already speak
// for the label it buys.
var missed = map[string]bool{"flipped labels": true, "two common words, target 1": true}

var flips = attack{"flipped labels", func(s sheet, rows []int, label int) {
	for _, i := range rows {
		s.rows[i][label] = map[string]string{"1": "2", "2": "1"}[s.rows[i][label]]
	}
}}

var copies = attack{"contradicting copies", func(s sheet, rows []int, label int) {
	for k := 0; k+1 < len(rows); k += 2 {
		own := map[string]string{"1": "2", "2": "1"}[s.rows[rows[k+1]][label]]
		copy(s.rows[rows[k]], s.rows[rows[k+1]])
		s.rows[rows[k]][label] = own
	}
}}

func (a attack) on(s sheet, percent, seed int) sheet {
	rng := rand.New(rand.NewPCG(uint64(seed), uint64(percent)))
	out, rows := s.clone(), rng.Perm(len(s.rows))[:len(s.rows)*percent/100]
	a.apply(out, rows, s.at("credit_risk"))
	return out
}

// found counts the seeds in which a finding of severity block names the attack.
func (a attack) found(t *testing.T, s sheet, percent int, id string) int {
	n := 0
	for seed := range *seeds {
		scan := look(t, a.on(s, percent, seed).frame("credit_risk"))
		if slices.ContainsFunc(scan.Findings, func(f modelvet.Finding) bool {
			return f.ID == id && f.Severity == modelvet.SeverityBlock
		}) {
			n++
		}
	}
	return n
}

// An honest table, or any part of it, is never an alarm: the first thing asked
// of a gate.
func TestEvaluationCleanTables(t *testing.T) {
	s := readSheet(t, german)
	for seed := range 3 * *seeds {
		rng := rand.New(rand.NewPCG(uint64(seed), 77))
		part := sheet{header: s.header}
		for _, i := range rng.Perm(len(s.rows))[:300+rng.IntN(700)] {
			part.rows = append(part.rows, s.rows[i])
		}
		if a := alarms(look(t, part.frame("credit_risk"))); len(a) > 0 {
			t.Errorf("seed %d, %d honest rows: %v", seed, len(part.rows), a)
		}
	}
}

func TestEvaluationAttacks(t *testing.T) {
	s, table := readSheet(t, german), []string{"| attack | 10 % | 5 % | 3 % | 1 % |", "|---|---|---|---|---|"}
	percents := []int{10, 5, 3, 1}
	if *seeds < 5 {
		percents = percents[:1]
	}
	for _, a := range append(triggers, copies, flips) {
		id := "poisoning/trigger"
		switch a.name {
		case copies.name:
			id = "poisoning/label-conflict"
		case flips.name:
			id = "poisoning/label-noise"
		}
		row := "| " + a.name
		for _, percent := range percents {
			n := a.found(t, s, percent, id)
			row += fmt.Sprintf(" | %d/%d", n, *seeds)
			if percent == 10 && !missed[a.name] && n < *seeds {
				t.Errorf("%s of 10 %% of the rows: found in %d of %d", a.name, n, *seeds)
			}
		}
		table = append(table, row+" |")
	}
	t.Log("\n" + strings.Join(table, "\n"))
}

// Flips that are spread evenly can only be seen against an older state of the table.
func TestEvaluationFlipsAgainstAnOlderTable(t *testing.T) {
	s := readSheet(t, german)
	for _, percent := range []int{1, 5, 10, 20} {
		sum, least := 0.0, 1.0
		for seed := range *seeds {
			before, after := disagreement(t, s), disagreement(t, flips.on(s, percent, seed))
			m := difference("x", after, 1000, before, 1000)
			sum, least = sum+m.Value, min(least, *m.Low)
		}
		t.Logf("%d %% flipped: disagreement rises by %.3f, least lower bound %.3f", percent, sum/float64(*seeds), least)
	}
}

func disagreement(t *testing.T, s sheet) int {
	f := s.frame("credit_risk")
	n, err := f.neighbours(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, bad := f.disagreements(n, f.labels)
	return total(bad)
}

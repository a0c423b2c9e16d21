// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
)

// wire is a set of words in an intended purpose that a person must look at. It
// is a tripwire and no test: a purpose without it proves nothing.
type wire struct {
	ref   string
	words *regexp.Regexp
}

// trip makes a wire of whole words or phrases, with or without a plural s;
// "*" stands for any ending.
func trip(ref string, words ...string) wire {
	for i, w := range words {
		w = regexp.QuoteMeta(w)
		if stem, open := strings.CutSuffix(w, `\*`); open {
			words[i] = stem + `\w*`
		} else {
			words[i] = w + "s?"
		}
	}
	return wire{ref, regexp.MustCompile(`(?i)\b(?:` + strings.Join(words, "|") + `)\b`)}
}

var prohibitedWires = []wire{
	trip("Art. 5(1)(a)", "subliminal*", "manipulat*"),
	trip("Art. 5(1)(ba)", "nudif*", "undress*", "sexually explicit"),
	trip("Art. 5(1)(bb)", "child sexual*"),
	trip("Art. 5(1)(c)", "social scor*", "social credit"),
	trip("Art. 5(1)(d)", "predict crime", "predictive policing", "crime prediction"),
	trip("Art. 5(1)(e)", "scrape face", "face scraping", "facial image database", "untargeted scraping"),
	trip("Art. 5(1)(f)", "emotion*"),
	trip("Art. 5(1)(g)", "biometric categor*", "infer race", "sexual orientation"),
	trip("Art. 5(1)(h)", "real-time remote biometric*", "live facial recognition"),
}

var annexIIIWires = []wire{
	trip("Annex III(1)", "biometric*", "facial recognition", "face recognition"),
	trip("Annex III(2)", "critical infrastructure", "power grid", "road traffic"),
	trip("Annex III(3)", "admission", "student", "exam", "examination", "pupil", "school*"),
	trip("Annex III(4)", "recruit*", "hiring", "job candidate", "candidate", "job applicant", "applicant tracking", "employee", "resume", "curriculum vitae"),
	trip("Annex III(5)", "credit*", "loan", "welfare", "social benefit", "health insurance", "life insurance", "triage", "emergency call"),
	trip("Annex III(6)", "police", "policing", "law enforcement", "recidiv*", "offender"),
	trip("Annex III(7)", "asylum", "migration", "migrant", "visa", "border control"),
	trip("Annex III(8)", "court", "judge", "election", "voting", "voter"),
}

func tripped(purpose string, wires []wire) []string {
	var out []string
	for _, w := range wires {
		if hit := w.words.FindString(purpose); hit != "" {
			out = append(out, fmt.Sprintf("%s: the purpose says %q", w.ref, hit))
		}
	}
	return out
}

func askProhibited(_ *Set, sys modelvet.System, c *Classification) Step {
	if sys.RiskClass == classProhibited {
		return Step{Finding: "declared as a prohibited practice", By: byDescription, Class: classProhibited}
	}
	if hits := tripped(sys.Purpose, prohibitedWires); len(hits) > 0 {
		c.Tripwires = append(c.Tripwires, hits...)
		return Step{Finding: "words of the purpose call for a screening: " + strings.Join(hits, "; "), By: byPerson}
	}
	return Step{Finding: "no tripwire in the purpose; that the practice is not prohibited only a signed screening can say", By: byPerson}
}

func askAnnexI(_ *Set, sys modelvet.System, _ *Classification) Step {
	if sys.RiskClass == classHigh && sys.AnnexIII == "" {
		return Step{Finding: "declared high-risk without an area of Annex III: taken as a product, or its safety component, under Annex I",
			By: byPerson, Class: classHigh}
	}
	return Step{Finding: "whether it is a product, or its safety component, under Annex I the description does not say", By: byPerson}
}

func askAnnexIII(s *Set, sys modelvet.System, c *Classification) Step {
	label := s.area(sys.AnnexIII)
	switch {
	case sys.AnnexIII == "":
		hits := tripped(sys.Purpose, annexIIIWires)
		c.Tripwires = append(c.Tripwires, hits...)
		if len(hits) > 0 {
			return Step{Finding: "no area is declared, but " + strings.Join(hits, "; "), By: byPerson}
		}
		return Step{Finding: "no area of Annex III is declared", By: byDescription}
	case label == "":
		return Step{Finding: fmt.Sprintf("%s is no area of Annex III: treated as one", sys.AnnexIII), By: byPerson, Class: classHigh}
	}
	return Step{Finding: fmt.Sprintf("%s: %s", sys.AnnexIII, label), By: byDescription, Class: classHigh}
}

// documentDerogation is the kind of document in which a provider claims Art. 6(3).
const documentDerogation = "derogation-assessment"

func askDerogation(_ *Set, sys modelvet.System, c *Classification) Step {
	claimed := slices.ContainsFunc(sys.Documents, func(d modelvet.Document) bool { return d.Kind == documentDerogation })
	switch {
	case sys.AnnexIII == "":
		return Step{Finding: "no derogation: no area of Annex III is declared", By: byDescription}
	case claimed && profiles(sys) != "":
		hit := "Art. 6(3), last subparagraph: " + profiles(sys) + ": profiling of natural persons is always high-risk, so no derogation holds"
		c.Tripwires = append(c.Tripwires, hit)
		return Step{Finding: hit, By: byDescription, Class: classHigh}
	case claimed:
		c.AcceptBy = controlDerogation
		c.Tripwires = append(c.Tripwires, "Art. 6(3): a derogation is claimed; it never holds for profiling of persons")
		return Step{Finding: "a derogation is claimed: it needs a documented assessment and registration (Art. 49(2)), and until a person accepts it the system counts as high-risk", By: byPerson}
	}
	return Step{Finding: "no derogation is claimed", By: byDescription}
}

// controlDerogation is the provider's duty to document the assessment of Art. 6(3).
const controlDerogation = "euaia-art-6.4"

// profilingWords are words of a purpose that say that persons are evaluated (GDPR Art. 4(4)).
var profilingWords = trip("Art. 6(3)", "profil*", "score*", "scoring", "rates", "rating", "ranks", "ranking", "creditworthiness", "predicts the behaviour*", "evaluates*")

// profiles says why a system seems to profile natural persons, or "". The areas
// in which an evaluation of a person is the use itself need no further word.
func profiles(sys modelvet.System) string {
	persons := hasPersons(sys) || sys.PersonalData != nil && sys.PersonalData.Processed
	switch hit := profilingWords.words.FindString(sys.Purpose); {
	case slices.Contains([]string{"annex-iii-5.b", "annex-iii-6.d", "annex-iii-6.e"}, sys.AnnexIII):
		return sys.AnnexIII + " is an evaluation of persons"
	case hit != "" && persons:
		return fmt.Sprintf("the purpose says %q, and the tables are about persons", hit)
	case strings.HasPrefix(strings.ToLower(hit), "profil"):
		return fmt.Sprintf("the purpose says %q", hit)
	}
	return ""
}

// askRole looks for signs that somebody who says he is no provider makes the
// model: then he may have become its provider, and the provider's controls bind.
func askRole(_ *Set, sys modelvet.System, c *Classification) Step {
	if _, known := actRoles[sys.Role]; !known {
		return Step{Finding: fmt.Sprintf("role %q is unknown: the controls of every role bind", sys.Role), By: byPerson}
	}
	c.Roles = []string{actRoles[sys.Role]}
	signs := signsOfMaking(sys)
	switch {
	case sys.Role == "provider":
		return Step{Finding: "declared as provider", By: byDescription}
	case len(signs) == 0:
		return Step{Finding: "declared as " + sys.Role + "; nothing in the description says that the model was changed", By: byDescription}
	}
	c.Roles = append(c.Roles, "provider")
	hit := fmt.Sprintf("Art. 25(1): declared as %s, but the description names %s", sys.Role, strings.Join(signs, " and "))
	c.Tripwires = append(c.Tripwires, hit)
	return Step{Finding: hit + ": a substantial modification makes a provider, whose controls bind too", By: byPerson}
}

func signsOfMaking(sys modelvet.System) []string {
	var out []string
	if _, ok := sys.Table("training"); ok {
		out = append(out, "a training table")
	}
	if slices.ContainsFunc(sys.Lineage, func(s modelvet.Source) bool { return s.Kind == "base-model" }) {
		out = append(out, "a base model")
	}
	return out
}

// isBiometricNotice tells the uses of Annex III that Art. 50(3) also covers.
func isBiometricNotice(area string) bool {
	return area == "annex-iii-1.b" || area == "annex-iii-1.c"
}

func askTransparency(_ *Set, sys modelvet.System, _ *Classification) Step {
	switch {
	case sys.Model.Task == taskGeneration:
		return Step{Finding: "it generates content: marking under Art. 50(2)", By: byDescription, Class: classLimited}
	case isBiometricNotice(sys.AnnexIII):
		return Step{Finding: "emotion recognition or biometric categorisation: notice under Art. 50(3)", By: byDescription, Class: classLimited}
	case sys.RiskClass == classLimited:
		return Step{Finding: "declared as limited risk: a notice is due", By: byDescription, Class: classLimited}
	}
	return Step{Finding: "whether it speaks with people directly (Art. 50(1)) the description does not say", By: byPerson}
}

func askGPAI(_ *Set, sys modelvet.System, c *Classification) Step {
	flop, told := sys.Performance[TrainingCompute]
	general := sys.RiskClass == classGPAI || (sys.Model.Task == taskGeneration && flop >= generalFLOP)
	c.Systemic = general && (!told || !(flop <= systemicFLOP)) // a NaN rules nothing out
	switch {
	case !general:
		return Step{Finding: "not declared as a general-purpose model", By: byDescription}
	case !told:
		c.Tripwires = append(c.Tripwires, "Art. 51(2): the training compute is not declared; give performance."+TrainingCompute)
		return Step{Finding: "a general-purpose model; its training compute is not declared, so systemic risk is not ruled out", By: byPerson, Class: classGPAI}
	case c.Systemic:
		return Step{Finding: fmt.Sprintf("%.3g FLOP of training compute: systemic risk is presumed", flop), By: byDescription, Class: classGPAI}
	}
	return Step{Finding: fmt.Sprintf("a general-purpose model with %.3g FLOP of training compute: no presumption of systemic risk", flop), By: byDescription, Class: classGPAI}
}

// openLicences are SPDX expressions of free licences often seen on weights.
var openLicences = []string{"Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MPL-2.0", "CC0-1.0", "CC-BY-4.0",
	"GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later", "AGPL-3.0-only", "AGPL-3.0-or-later", "Unlicense"}

func askOpenSource(_ *Set, sys modelvet.System, c *Classification) Step {
	general := slices.ContainsFunc(c.Reasons, func(s Step) bool { return s.Class == classGPAI })
	switch {
	case !general:
		return Step{Finding: "the relief for open-source general-purpose models does not arise", By: byDescription}
	case c.Systemic:
		return Step{Finding: "no relief: systemic risk is presumed or not ruled out", By: byDescription}
	case slices.Contains(openLicences, sys.Licence):
		return Step{Finding: "licence " + sys.Licence + " is free: relief from Art. 53(1)(a)-(b) if weights, architecture and usage information are public, which a person must confirm; (c)-(d) remain", By: byPerson}
	}
	return Step{Finding: fmt.Sprintf("no relief: %q is no free licence that modelvet knows", sys.Licence), By: byDescription}
}

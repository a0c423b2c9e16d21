// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// The catalogue of words: the key is the English text as it stands in the
// code, so that English needs no file and code can be read.
//
//go:embed lang/*.json
var langFiles embed.FS

var dictionaries = sync.OnceValues(func() (map[string]map[string]string, error) {
	out := map[string]map[string]string{"en": {}}
	entries, err := langFiles.ReadDir("lang")
	if err != nil {
		return nil, fmt.Errorf("reading the catalogue of words: %w", err)
	}
	for _, e := range entries {
		raw, err := langFiles.ReadFile("lang/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("reading the catalogue of words: %w", err)
		}
		words := map[string]string{}
		if err := json.Unmarshal(raw, &words); err != nil {
			return nil, fmt.Errorf("reading lang/%s: %w", e.Name(), err)
		}
		out[strings.TrimSuffix(e.Name(), ".json")] = words
	}
	return out, nil
})

// Languages are the languages of the reports, by ISO 639-1.
func Languages() []string {
	all, err := dictionaries()
	if err != nil {
		return []string{"en"}
	}
	return slices.Sorted(maps.Keys(all))
}

func known(language string) bool {
	return language == "" || slices.Contains(Languages(), language)
}

// speech says the words of a report in one language. A word that its
// catalogue does not hold is said in English: nothing is ever left out.
type speech struct {
	language string
	words    map[string]string
}

func newSpeech(language string) speech {
	all, err := dictionaries()
	if err != nil || language == "" {
		return speech{language: "en"}
	}
	return speech{language: language, words: all[language]}
}

// t is a text in the report's language, with its arguments put in.
func (s speech) t(text string, args ...any) string {
	if own, ok := s.words[text]; ok && own != "" {
		text = own
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// SPDX-License-Identifier: Apache-2.0

package privacy

import (
	"net/netip"
	"regexp"
	"strings"
)

// recogniser knows one kind of personal data.
type recogniser struct {
	kind, what string
	sure       bool           // a hit needs no context: a checksum or an unmistakable form
	pattern    *regexp.Regexp // what a candidate looks like
	valid      func(string) bool
	words      []string // in the column's name they speak for the kind
}

var recognisers = []recogniser{
	{"email", "email addresses", true, regexp.MustCompile(`(?i)\b[a-z0-9][a-z0-9._%+-]{0,63}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}\b`), always, []string{"mail"}},
	{"card", "payment card numbers", true, regexp.MustCompile(`\b[2-6][0-9]{3}(?:[ -]?[0-9]{4}){2}[ -]?[0-9]{1,7}\b|\b3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}\b`), card, []string{"card", "pan"}},
	{"iban", "bank accounts (IBAN)", true, regexp.MustCompile(`(?i)\b[a-z]{2}[0-9]{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,3})?\b`), iban, []string{"iban", "account"}},
	{"ip", "IP addresses", false, regexp.MustCompile(`(?i)[0-9a-f:.]*[0-9a-f]`), address, []string{"ip", "addr", "host"}},
	{"mac", "MAC addresses", true, regexp.MustCompile(`(?i)\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b`), always, []string{"mac"}},
	{"us-ssn", "US social security numbers", false, regexp.MustCompile(`\b[0-9]{3}-?[0-9]{2}-?[0-9]{4}\b`), socialSecurity, []string{"ssn", "social"}},
	{"uk-nhs", "UK NHS numbers", false, regexp.MustCompile(`\b[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}\b`), nhs, []string{"nhs", "patient"}},
	{"de-tax-id", "German tax ids", false, regexp.MustCompile(`\b[1-9][0-9]{10}\b`), germanTax, []string{"tax", "steuer", "idnr"}},
	{"es-nif", "Spanish tax ids (NIF, NIE)", true, regexp.MustCompile(`\b[XYZ]?[0-9]{7,8}-?[A-Z]\b`), nif, []string{"nif", "nie", "dni"}},
	{"phone", "telephone numbers", false, regexp.MustCompile(`(?:\+|\b00)[1-9](?:[ ()./-]{0,2}[0-9]){7,14}\b|\(?\b[2-9][0-9]{2}\)?[ .-][2-9][0-9]{2}[ .-][0-9]{4}\b`), always, []string{"phone", "tel", "mobile", "fax"}},
}

func always(string) bool { return true }

// sees says whether the text holds the kind anywhere.
func (k recogniser) sees(text string) bool {
	for _, candidate := range k.pattern.FindAllString(text, 50) {
		if k.valid(candidate) {
			return true
		}
	}
	return false
}

// named says whether the column's name speaks for the kind. Short words must
// be a whole part of the name: "ip" is no part of "relationship".
func (k recogniser) named(column string) bool {
	lower := strings.ToLower(column)
	parts := strings.FieldsFunc(lower, func(r rune) bool { return r == '_' || r == '-' || r == ' ' || r == '.' })
	for _, w := range k.words {
		if len(w) > 3 && strings.Contains(lower, w) {
			return true
		}
		for _, p := range parts {
			if p == w {
				return true
			}
		}
	}
	return false
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// card wants the check digit of Luhn (ISO/IEC 7812-1) and not one digit only.
func card(s string) bool {
	d := digits(s)
	if len(d) < 13 || len(d) > 19 || strings.Count(d, d[:1]) == len(d) {
		return false
	}
	sum := 0
	for i := range d {
		n := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

// iban wants the remainder 1 modulo 97 (ISO 13616, ISO 7064).
func iban(s string) bool {
	s = strings.ToUpper(strings.ReplaceAll(s, " ", ""))
	if len(s) < 15 || len(s) > 34 {
		return false
	}
	rest := 0
	for _, r := range s[4:] + s[:4] {
		switch {
		case r >= '0' && r <= '9':
			rest = (rest*10 + int(r-'0')) % 97
		default:
			rest = (rest*100 + int(r-'A') + 10) % 97
		}
	}
	return rest == 1
}

// address is any IP address that can name a host of somebody.
func address(s string) bool {
	if len(s) < 7 || strings.Count(s, ".") != 3 && strings.Count(s, ":") < 2 {
		return false
	}
	a, err := netip.ParseAddr(s)
	return err == nil && !a.IsUnspecified() && !a.IsLoopback()
}

// socialSecurity leaves out what was never issued (SSA: area 000, 666, 900-999; group 00; serial 0000).
func socialSecurity(s string) bool {
	d := digits(s)
	return d[:3] != "000" && d[:3] != "666" && d[0] != '9' && d[3:5] != "00" && d[5:] != "0000"
}

// nhs wants the check digit modulo 11 (NHS data dictionary).
func nhs(s string) bool {
	d := digits(s)
	if strings.Count(d, d[:1]) == len(d) {
		return false
	}
	sum := 0
	for i := range 9 {
		sum += int(d[i]-'0') * (10 - i)
	}
	check := (11 - sum%11) % 11
	return check != 10 && check == int(d[9]-'0')
}

// germanTax wants the check digit of ISO 7064, MOD 11,10.
func germanTax(s string) bool {
	product := 10
	for i := range 10 {
		sum := (int(s[i]-'0') + product) % 10
		if sum == 0 {
			sum = 10
		}
		product = sum * 2 % 11
	}
	return (11-product)%10 == int(s[10]-'0')
}

// nif wants the letter that the number modulo 23 stands for.
func nif(s string) bool {
	s = strings.ReplaceAll(s, "-", "")
	lead := strings.IndexByte("XYZ", s[0])
	body := s[:len(s)-1]
	if lead >= 0 {
		body = string(rune('0'+lead)) + body[1:]
	}
	if len(body) != 8 {
		return false
	}
	n := 0
	for _, r := range body {
		n = n*10 + int(r-'0')
	}
	return "TRWAGMYFPDXBNJZSQVHLCKE"[n%23] == s[len(s)-1]
}

// Kinds lists the kinds of personal data that a text holds, context apart.
func Kinds(text string) []string {
	var out []string
	for _, k := range recognisers {
		if k.sees(text) {
			out = append(out, k.kind)
		}
	}
	return out
}

package scim_test

import (
	"fmt"
	"strings"
	"testing"

	"sacbridge/internal/scim"
)

const benchUser = `{"schemas":["@U","@E"],"externalId":"00u1abcdefghijklmnop","userName":"kim.lee@contoso.example","active":true,
 "displayName":"Kim Lee","name":{"formatted":"Kim Lee","givenName":"Kim","familyName":"Lee"},"title":"Analyst","preferredLanguage":"en",
 "emails":[{"primary":true,"type":"work","value":"kim.lee@contoso.example"},{"type":"home","value":"kim@home.example"}],
 "phoneNumbers":[{"type":"work","value":"+49 228 1"},{"type":"mobile","value":"+49 170 2"}],
 "addresses":[{"type":"work","streetAddress":"Street 1","locality":"Bonn","postalCode":"53111","country":"DE"}],
 "@E":{"employeeNumber":"77","department":"R&D","costCenter":"4711","manager":{"value":"0190e1c2-0000-7000-8000-000000000001"}}}`

func BenchmarkDecodeUser(b *testing.B) {
	body := []byte(expand(benchUser))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := scim.Decode(scim.User(), body, limit, scim.Tolerance{}, byType{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeUser(b *testing.B) {
	r := decode(b, scim.User(), benchUser)
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		buf = r.AppendJSON(buf[:0])
	}
}

func BenchmarkParseFilter(b *testing.B) {
	for name, filter := range map[string]string{
		"userName": `userName eq "kim.lee@contoso.example"`, "Entra": `emails[type eq "work"].value eq "kim.lee@contoso.example"`,
		"long": `emails[type eq "work" and value co "x"] and not (active eq false) or userName sw "k"`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := scim.ParseFilter(scim.User(), filter, scim.Tolerance{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMatch(b *testing.B) {
	r := decode(b, scim.User(), benchUser)
	f, err := scim.ParseFilter(scim.User(), `displayName co "lee" and active eq true`, scim.Tolerance{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if !f.Match(r) {
			b.Fatal("no match")
		}
	}
}

func BenchmarkPatchActive(b *testing.B) {
	r := decode(b, scim.User(), benchUser)
	body := []byte(expand(`{"schemas":["@P"],"Operations":[{"op":"Replace","path":"active","value":"False"}]}`))
	b.ReportAllocs()
	for b.Loop() {
		p, err := scim.DecodePatch(scim.User(), body, limit, scim.Lenient(), byType{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.Apply(r); err != nil {
			b.Fatal(err)
		}
	}
}

func memberID(i int) string { return fmt.Sprintf("0190e1c2-0000-7000-8000-%012d", i) }

func memberBody(operations ...string) []byte {
	return []byte(expand(`{"schemas":["@P"],"Operations":[` + strings.Join(operations, ",") + `]}`))
}

func addBody(n int) []byte {
	list := make([]string, n)
	for i := range list {
		list[i] = `{"value":"` + memberID(i) + `"}`
	}
	return memberBody(`{"op":"add","path":"members","value":[` + strings.Join(list, ",") + `]}`)
}

func removeBody(n int) []byte {
	list := make([]string, n)
	for i := range list {
		list[i] = `{"op":"remove","path":"members[value eq \"` + memberID(i) + `\"]"}`
	}
	return memberBody(list...)
}

func BenchmarkPatchMembers(b *testing.B) {
	for name, body := range map[string][]byte{"add1": addBody(1), "add100000": addBody(100_000), "remove1": removeBody(1), "remove1000": removeBody(1000)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p, err := scim.DecodePatch(scim.Group(), body, len(body), scim.Lenient(), byType{})
				if err != nil {
					b.Fatal(err)
				}
				if _, ok := p.Membership(); !ok {
					b.Fatal("not recognised")
				}
			}
		})
	}
}

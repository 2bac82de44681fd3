// Command docgen writes the generated parts of docs/: between
// <!-- generated: NAME --> and <!-- end --> stands what the code says. `make
// generate` runs it; `make check` fails when something is not as it comes out.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"igny8"
	"igny8/internal/app"
	"igny8/internal/config"
	"igny8/internal/web/api"
)

var block = regexp.MustCompile(`(?s)<!-- generated: ([a-z_0-9 ]+) -->\n.*?<!-- end -->`)

func main() {
	pages, err := filepath.Glob("docs/*.md")
	if err != nil || len(pages) == 0 {
		log.Fatal("run docgen in the repository's root")
	}
	for _, page := range pages {
		old, err := os.ReadFile(page)
		if err != nil {
			log.Fatal(err)
		}
		fresh := block.ReplaceAllFunc(old, func(b []byte) []byte {
			name := string(block.FindSubmatch(b)[1])
			text, err := generate(name)
			if err != nil {
				log.Fatalf("%s: %s: %v", page, name, err)
			}
			return []byte("<!-- generated: " + name + " -->\n" + text + "<!-- end -->")
		})
		if !bytes.Equal(old, fresh) {
			if err := os.WriteFile(page, fresh, 0o644); err != nil {
				log.Fatal(err)
			}
		}
	}
}

func generate(name string) (string, error) {
	if flow, ok := strings.CutPrefix(name, "flow "); ok {
		data, err := os.ReadFile("test/script/" + flow + ".txtar")
		return "```txt\n" + string(data) + "```\n", err
	}
	switch name {
	case "commands":
		return commands(), nil
	case "settings":
		return settings()
	case "permissions":
		return permissions(), nil
	case "routes":
		return routes()
	case "errors":
		return errorCodes(), nil
	case "states account":
		return states(igny8.AccountTransitions), nil
	case "states subscription":
		return states(igny8.SubscriptionTransitions), nil
	case "states invoice":
		return states(igny8.InvoiceTransitions), nil
	case "states payment":
		return states(igny8.PaymentTransitions), nil
	}
	return "", fmt.Errorf("nothing is generated under this name")
}

func commands() string {
	var b strings.Builder
	b.WriteString("| Command | Does |\n|---|---|\n")
	var walk func(c *cobra.Command, prefix string)
	walk = func(c *cobra.Command, prefix string) {
		for _, sub := range c.Commands() {
			if sub.Hidden || sub.Name() == "help" || sub.Name() == "completion" {
				continue
			}
			if !sub.HasSubCommands() {
				fmt.Fprintf(&b, "| `%s %s` | %s |\n", prefix, strings.ReplaceAll(sub.Use, "|", `\|`), sub.Short)
			}
			walk(sub, prefix+" "+sub.Name())
		}
	}
	walk(app.Commands(), "igny8")
	return b.String()
}

func settings() (string, error) {
	c, err := config.Load(nil, "", nil)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("| Setting | Default | Means |\n|---|---|---|\n")
	for _, s := range c.Settings() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s.Name, code(s.Value), s.Help)
	}
	return b.String(), nil
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func permissions() string {
	perms := append(igny8.StaffPermissions(), igny8.PermAccountClose, igny8.PermAccountManage, igny8.PermBillingManage,
		igny8.PermBillingRead, igny8.PermSiteDelete, igny8.PermSiteWrite, igny8.PermContentWrite, igny8.PermRead, igny8.PermAccountRead, igny8.PermStaff, igny8.PermSelf)
	var b strings.Builder
	b.WriteString("| Permission |")
	for _, r := range igny8.Roles() {
		fmt.Fprintf(&b, " %s |", r)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(igny8.Roles())) + "\n")
	for _, p := range perms {
		fmt.Fprintf(&b, "| `%s` |", p)
		for _, r := range igny8.Roles() {
			if r.Can(p) {
				b.WriteString(" yes |")
			} else {
				b.WriteString(" – |")
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func states[S ~string](table []igny8.Transition[S]) string {
	var b strings.Builder
	b.WriteString("| From | Event | To |\n|---|---|---|\n")
	for _, t := range table {
		from := "(new)"
		if t.From != "" {
			from = "`" + string(t.From) + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | `%s` |\n", from, t.Event, t.To)
	}
	return b.String()
}

func routes() (string, error) {
	data, err := os.ReadFile("api/openapi.json")
	if err != nil {
		return "", err
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Summary    string `json:"summary"`
			Permission string `json:"x-permission"`
			Need       string `json:"x-need"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("| Route | Does | Permission | Account must allow |\n|---|---|---|---|\n")
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(doc.Paths[path])) {
			op := doc.Paths[path][method]
			perm, need := "public", ""
			if op.Permission != "" {
				perm, need = "`"+op.Permission+"`", op.Need
			}
			fmt.Fprintf(&b, "| `%s %s` | %s | %s | %s |\n", strings.ToUpper(method), strings.TrimPrefix(path, "/api/v1"), op.Summary, perm, need)
		}
	}
	return b.String(), nil
}

func errorCodes() string {
	var b strings.Builder
	b.WriteString("| Code | Status | Means | Do |\n|---|---|---|---|\n")
	for _, e := range api.ErrorCodes() {
		fmt.Fprintf(&b, "| `%s` | %d | %s | %s |\n", e.Code, e.Status, e.Means, e.Do)
	}
	return b.String()
}

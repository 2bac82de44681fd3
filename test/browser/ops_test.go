package browser

import (
	"strings"
	"testing"
	"time"

	"igny8/internal/demo"
	"igny8/internal/web/console/browsertest"
)

// A mail server that does not answer: the letter fails, staff see why, and try it
// again.
func TestFailedLettersAreTriedAgain(t *testing.T) {
	for name, on := range map[string]bool{"JavaScript": true, "no JavaScript": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := machine.Start(t, "IGNY8_SMTP_URL=smtp://mailer:s3cret@127.0.0.1:1?from=office@example.com")
			p := logIn(s.Page().JavaScript(on), demo.StaffEmail)
			p.Go("/staff/settings").See("(set)").NotSee("s3cret", "No mail server is set").Click("Send a test letter").See("The letter is written")
			seeSoon(p, "connection refused")
			p.Axe().NotSee("s3cret")
			seeSoon(p.Go("/staff/health?show=retryable"), "2 of 25") // the third try is not before 16 seconds
			p.Go("/staff/health").See("Needs a look", "Send a letter", "failed, tried again", "connection refused").NotSee("s3cret").Axe()
			p.Click("#jobs tbody tr:nth-child(1) button").See("The job is tried again now.")
			if p.URL() != "/staff/health" {
				t.Errorf("after the retry at %s", p.URL())
			}
			seeSoon(p.Go("/staff/health?show=retryable"), "3 of 25")
			p.Go("/staff/settings").Click("#letters tbody tr:nth-child(1) button").See("The job is tried again now.", "Test letter")
			p.Go("/staff/audit").See("job.retry", "mail.test")
		})
	}
}

// seeSoon waits for what the server does meanwhile: the page shows it by itself, or
// when it is loaded again.
func seeSoon(p *browsertest.Page, words string) {
	p.Wait("see "+words, 20*time.Second, func() bool {
		if !p.Runs() {
			p.Reload()
		}
		return strings.Contains(p.Text("main"), words)
	})
}

// Who presses the button of a job that another did meanwhile is told so.
func TestRetryingTooLate(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		logIn(p, demo.StaffEmail).Go("/staff/health?show=all").See("done")
		row := browsertest.Eval[string](p, `document.querySelector('#jobs tbody tr').id`)
		p.Tolerate("answer 409", "status of 409")
		p.Go("/staff/health?show=available").See("No job is in this state").Click("Show all jobs").See("Send a letter")
		browsertest.Eval[bool](p, `(f => { f.method = 'post'; f.action = '/staff/jobs/`+strings.TrimPrefix(row, "job-")+`/retry'; document.body.append(f); f.submit(); return true })(document.createElement('form'))`)
		p.See("The job is done meanwhile").Axe()
	})
}

func TestTestLettersWithoutAMailServer(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		logIn(p, demo.StaffEmail).Go("/staff/settings").See("No mail server is set", "IGNY8_APPROVAL_HOLD", "environment").Click("Send a test letter")
		seeSoon(p, "kept in the mailbox")
		p.Go("/dev/mail").See("A test letter from igny8")
	})
}

func TestSettingUp(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		logIn(p, demo.StaffEmail).See("Set up", "3 of 5 done").Click("Set up").See("Set the public address").Click("Dismiss: Set the public address")
		p.See("Dismissed for everybody", "3 of 4 done").Click("Set up").See("Set a mail server").NotSee("Set the public address").Axe()
		p.Go("/staff/settings").See("1 task was dismissed").Click("Show them again").See("3 of 5 done").Click("Set up").See("Set the public address")
	})
}

// The palette by keys: pages, what the page offers, and whatever is typed.
func TestThePalette(t *testing.T) {
	p := logIn(machine.Start(t).Page(), demo.StaffEmail)
	active := func() string {
		return browsertest.Eval[string](p, `document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.firstChild.textContent ?? ''`)
	}
	opened := func() bool {
		return browsertest.Eval[bool](p, `!!document.querySelector('staff-palette dialog[open]')`)
	}
	p.Press("Ctrl+k").See("Accounts", "Log out").Axe()
	if active() != "Approvals" {
		t.Errorf("at first %q is chosen", active())
	}
	p.Press("ArrowDown", "ArrowDown", "ArrowUp")
	if active() != "Accounts" {
		t.Errorf("two down and one up lead to %q", active())
	}
	p.Press("ArrowUp", "ArrowUp")
	if active() != "Log out" {
		t.Errorf("up from the first leads to %q, want the last", active())
	}
	if p.Press("Escape"); opened() {
		t.Error("Escape does not close it")
	}
	p.Press("Meta+k").Fill("q", "heal").Press("Enter").See("How the installation stands")
	if p.URL() != "/staff/health" {
		t.Errorf("heal and Enter lead to %s", p.URL())
	}
	p.Press("Ctrl+k").Fill("q", "trx").See("Search everything for").Axe().Press("Enter").See("TRX")
	if p.URL() != "/staff/search?q=trx" {
		t.Errorf("trx and Enter lead to %s", p.URL())
	}
	// It says what a page offers, works while somebody types, and stays when single
	// keys are switched off.
	p.Go("/staff").Click("Keyboard").Click("Shortcuts are on").Click("Rohan's studio").See("Amount received").Press("e")
	p.Click("#f-evidence").Press("Ctrl+k").Fill("q", "refuse").Press("Enter").See("What the customer will read")
	p.Go("/staff").Viewport(360).Click("Menu").Click("Go to…")
	if !opened() {
		t.Error("the entry of the menu does not open it")
	}
	p.Axe()
}

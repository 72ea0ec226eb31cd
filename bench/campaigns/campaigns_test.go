package campaigns

import (
	"strings"
	"testing"
)

// Every campaign begins with its question.
func TestCampaignsAsk(t *testing.T) {
	if len(Names()) == 0 {
		t.Fatal("no campaigns")
	}
	for _, name := range Names() {
		text, ok := Lookup(name)
		if !ok || !strings.Contains(Doc(text), "?") {
			t.Errorf("%s: found %v, asks %q", name, ok, Doc(text))
		}
	}
	if _, ok := Lookup("no-such"); ok {
		t.Error("a campaign that there is not was found")
	}
}

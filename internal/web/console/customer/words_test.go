package customer

import (
	"slices"
	"testing"

	"igny8/internal/account"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// What services name has its words on the pages, and the other way round.
func TestServicesAndPagesKnowTheSame(t *testing.T) {
	var languages []string
	for _, l := range text.Languages() {
		languages = append(languages, string(l))
	}
	if !slices.Equal(languages, account.Languages()) {
		t.Errorf("pages speak %v, profiles offer %v", languages, account.Languages())
	}
	styles := []string{string(view.NumbersAuto), string(view.NumbersLatin), string(view.NumbersIndian), string(view.NumbersEuropean)}
	if !slices.Equal(styles, account.NumberStyles()) {
		t.Errorf("pages write %v, profiles offer %v", styles, account.NumberStyles())
	}
	for typ := range account.NoticeTypes() {
		if !text.Has(text.English, "notice."+typ) {
			t.Errorf("the notice %s has no words", typ)
		}
	}
}

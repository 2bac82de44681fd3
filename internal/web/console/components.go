package console

import (
	"context"

	"igny8/internal/web/console/view"
)

// components shows every component in its states, for those who make pages.
func components(_ context.Context, r *Request) (Response, error) {
	f := view.Filled("name", "Ayesha Khan", "reference", "24 871 XYZ", "country", "PK", "cycle", "annual")
	f.Errors = []view.FieldError{{Field: "reference", Text: "Write the reference as your bank shows it."}}
	f.Kept = map[string]view.Kept{"proof": {Files: []view.KeptFile{{Name: "receipt.jpg", Size: 480_000}}}}
	return Page("Components", "", view.Gallery(f)), nil
}

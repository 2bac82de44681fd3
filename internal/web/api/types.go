package api

// In is the input of a route that has a body and no parameters.
type In[B any] struct{ Body B }

// ByID is the input of a route about one object: ByID[igny8.SiteID]. A text in the
// path that is no such id is answered like an object that does not exist.
type ByID[ID any] struct {
	ID ID `path:"id"`
}

// ByIDIn is the input of a route about one object that has a body.
type ByIDIn[ID, B any] struct {
	ID   ID `path:"id"`
	Body B
}

// ByIDMatch is the input of a route that changes one object and has no body.
type ByIDMatch[ID any] struct {
	IfMatch
	ID ID `path:"id"`
}

// ByIDMatchIn is the input of a route that changes one object and has a body.
type ByIDMatchIn[ID, B any] struct {
	IfMatch
	ID   ID `path:"id"`
	Body B
}

// Out is the output of a route that answers with an object.
type Out[B any] struct{ Body B }

// OK returns an output with this body.
func OK[B any](body B) *Out[B] { return &Out[B]{Body: body} }

// Created is the output of a route that makes an object.
type Created[B any] struct {
	Location string `header:"Location" doc:"Where the new object is."`
	Body     B
}

// FileOut is the output of a route that answers with a file; give the route
// Produces.
type FileOut struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

// output is an output whose parts a Renderer can tell.
type output interface {
	parts() (location string, body any)
}

func (o *Out[B]) parts() (string, any) { return "", o.Body }

func (o *Created[B]) parts() (string, any) { return o.Location, o.Body }

// outputHead is an output that names its own status and entity tag.
type outputHead interface {
	head() (status int, etag string)
}

package console

import "igny8"

// PathID reads an id from the address. What is no id of this kind is as absent as
// what never was.
func PathID[T any, P interface {
	*T
	UnmarshalText([]byte) error
}](r *Request, name string) (T, error) {
	id, err := igny8.ParseID[T, P](r.Path(name))
	if err != nil {
		return id, igny8.ErrNotFound
	}
	return id, nil
}

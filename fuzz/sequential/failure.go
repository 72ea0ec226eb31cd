package sequential

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// Details is where a target writes what it found before it panics.
var Details io.Writer = os.Stderr

// failure is what a target has found.
type failure struct {
	what   string // constant, for a fuzzer to tell failures apart
	detail string
}

func (f *failure) Error() string { return f.what + ": " + f.detail }

// differ makes a failure.
func differ(what, format string, args ...any) error {
	return &failure{what, fmt.Sprintf(format, args...)}
}

// compare is a failure if got and want, which lie at off, differ.
func compare(what string, got, want []byte, off int64) error {
	if bytes.Equal(got, want) {
		return nil
	}
	for i := range want {
		if got[i] != want[i] {
			return differ(what, "first at %#x: %#02x, want %#02x", off+int64(i), got[i], want[i])
		}
	}
	return differ(what, "%d bytes, want %d", len(got), len(want))
}

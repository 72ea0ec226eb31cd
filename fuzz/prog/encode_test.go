package prog

import (
	"bytes"
	"reflect"
	"testing"
)

// FuzzDecode: every sequence of bytes is a program that can be written down,
// in both forms, and read again.
func FuzzDecode(f *testing.F) {
	for name, text := range canonical(f) {
		p, err := Parse(name, []byte(text))
		if err != nil {
			f.Fatal(err)
		}
		if data, err := p.Encode(); err == nil {
			f.Add(data)
		}
	}
	f.Add(bytes.Repeat([]byte{0xff}, 100))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := Decode(data)
		encoded, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if again := Decode(encoded); !reflect.DeepEqual(p, again) {
			t.Errorf("%v\ncomes back as\n%v", p, again)
		}
		again, err := Parse("fuzzed.coh", []byte(p.String()))
		if err != nil {
			t.Fatalf("%v\nof\n%v", err, p)
		}
		if !reflect.DeepEqual(p, again) {
			t.Errorf("%#v\ncomes back as\n%#v", p, again)
		}
	})
}

// TestEncode: what fits is kept, and what does not is refused.
func TestEncode(t *testing.T) {
	const text = "file A 2 pages holes 1 resident 0 on 1\nfile B 7680 bytes dirty 0\n" +
		"task s: dwrite A[0]; copyin B[0]+8:16; truncate A to 0 pages\n" +
		"task t with s: dread A[0:2] into B[1]; evict A; reflink B[0] from A[1]\nschedule +5 t +0 s\n"
	p, err := Parse("fuzzed.coh", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	data, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if got := Decode(data).String(); got != text {
		t.Errorf("comes back as\n%s", got)
	}
	for _, text := range []string{
		"file A 9 pages\ntask s: sync A\n",
		"file A 8 bytes\ntask s: sync A\n",
		"file A 1 page\ntask s: read A[8]\n",
		"file A 1 page\ntask s: sync A\ntask t: sync A\ntask u with t: sync A\n",
		"file A 1 page\noptions max-pin 16\ntask s: sync A\n",
		"file A 1 page on 4\ntask s: sync A\n",
	} {
		p, err := Parse("big.coh", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Encode(); err == nil {
			t.Errorf("nothing is refused of\n%s", text)
		}
	}
}

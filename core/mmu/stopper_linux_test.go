//go:build linux && (amd64 || arm64)

package mmu

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestStopper has pwrite(2) stop at two pages of its buffer, and go on when
// they are filled.
func TestStopper(t *testing.T) {
	s, err := NewStopper()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	src := make([]byte, 2*PageSize+512)
	for round := range 3 { // the memory can be had again
		for i := range src {
			src[i] = byte(i/PageSize*3 + round + 1)
		}
		mem, err := s.Arm(src, 0, 2)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok, err := s.Wait(0); ok || err != nil {
			t.Fatalf("stopped before the call: %v", err)
		}
		done := make(chan error, 1)
		go func() {
			_, err := f.WriteAt(mem, 0)
			done <- err
		}()
		for _, want := range []int64{0, 2} {
			page, ok, err := s.Wait(60_000)
			if !ok || page != want || err != nil {
				t.Fatalf("stopped at page %d, %t, %v; want page %d", page, ok, err, want)
			}
			select {
			case err := <-done:
				t.Fatalf("the call returns with its buffer missing: %v", err)
			default:
			}
			if err := errors.Join(s.Fill(page), s.Fill(page)); err != nil {
				t.Fatal(err)
			}
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(src))
		if _, err := f.ReadAt(got, 0); err != nil || !bytes.Equal(got, src) {
			t.Fatalf("the file holds something else, %v", err)
		}
	}
}

func TestStopperRefuses(t *testing.T) {
	s, err := NewStopper()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, n := range []int{0, StopperSize + 1} {
		if _, err := s.Arm(make([]byte, n)); err == nil {
			t.Errorf("%d bytes are not refused", n)
		}
	}
}

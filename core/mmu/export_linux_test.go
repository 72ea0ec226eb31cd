//go:build linux && (amd64 || arm64)

package mmu

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// PlainLoad is a load without the bracket: what nobody must do.
func PlainLoad(v VMA, cpu *CPU, off int64) (uint64, error) {
	u := v.(*uffdVMA)
	for {
		p, err := u.begin(cpu, off, 8)
		if err != nil {
			return 0, err
		}
		x := load8(&cpu.hw, u.base+uintptr(off))
		if again, err := u.end(cpu, p); !again {
			return x, err
		}
	}
}

// Bare is the least that can answer a fault: one page of a memfd, and a
// goroutine that installs it whenever it is told to. Without register the
// kernel answers by itself.
type Bare struct {
	mem *Userfaultfd
	own []byte
	cpu inFlight
}

// NewBare makes one. What it holds lasts until the process ends.
func NewBare(register bool) (*Bare, error) {
	m, err := NewUserfaultfd(UserfaultfdConfig{})
	if err != nil {
		return nil, err
	}
	b := &Bare{mem: m.(*Userfaultfd)}
	if b.own, err = b.mem.mapUser(0, 1); err != nil {
		return nil, err
	}
	(*b.mem.lin.Load())[0].mem[0] = 1
	if !register {
		return b, b.mem.fd.unregister(b.address(), PageSize)
	}
	go b.answer()
	return b, nil
}

func (b *Bare) answer() {
	var msg uffdMsg
	for b.mem.fd.read(&msg) == nil {
		if err := b.mem.fd.cont(uintptr(msg.address)&^(PageSize-1), continueWP); err != nil {
			panic(err)
		}
	}
}

func (b *Bare) address() uintptr { return uintptr(unsafe.Pointer(&b.own[0])) }

// Zap removes the translation; Load has it made again.
func (b *Bare) Zap() error   { return unix.Madvise(b.own, unix.MADV_DONTNEED) }
func (b *Bare) Load() uint64 { return bracketLoad(&b.cpu, b.address()) }

var (
	word uint64
	idle inFlight
)

// Empty is a bracket with the smallest access in it, and nothing around.
func Empty() uint64 { return bracketLoad(&idle, uintptr(unsafe.Pointer(&word))) }

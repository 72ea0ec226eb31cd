//go:build linux && (amd64 || arm64)

package mmu

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

package mmu

import "fmt"

// Kind is an MMU to choose. The zero value is the one that works everywhere.
type Kind uint8

// The MMUs there are.
const (
	KindSoft Kind = iota
	KindUserfaultfd
)

// Kinds is all of them, in display order.
func Kinds() []Kind { return []Kind{KindSoft, KindUserfaultfd} }

// String is the name, as in Memory.Name.
func (k Kind) String() string {
	if k == KindUserfaultfd {
		return "userfaultfd"
	}
	return "soft"
}

// Probe says why the MMU cannot be had on this machine, as an
// *UnsupportedError, or nil.
func (k Kind) Probe() error {
	if k == KindUserfaultfd {
		return ProbeUserfaultfd(UserfaultfdConfig{})
	}
	return nil
}

// New makes the memory of one address space.
func (k Kind) New() (Memory, error) {
	if k == KindUserfaultfd {
		return NewUserfaultfd(UserfaultfdConfig{})
	}
	return NewSoft(), nil
}

// Choose returns the MMU of that name, if this machine has it. "auto" is
// userfaultfd where it works, and else soft together with the reason: whoever
// asks is to say so.
func Choose(name string) (k Kind, why error, err error) {
	if name == "auto" {
		if why := KindUserfaultfd.Probe(); why != nil {
			return KindSoft, why, nil
		}
		return KindUserfaultfd, nil, nil
	}
	for _, k := range Kinds() {
		if k.String() == name {
			return k, nil, k.Probe()
		}
	}
	return 0, nil, fmt.Errorf("unknown MMU %q: there are auto, userfaultfd, soft", name)
}

// UserfaultfdConfig says how to open userfaultfd(2).
type UserfaultfdConfig struct {
	// KernelFaults asks for faults that system calls take as well. It needs
	// CAP_SYS_PTRACE, /dev/userfaultfd or vm.unprivileged_userfaultfd=1.
	// Without it the kernel reports only faults of user mode, and fails a
	// system call that would fault with EFAULT; this needs no privilege, and is
	// enough for all paths of core but one (AddressSpace.WriteDirectKernelPin).
	// With it a system call may be made by SystemCaller. One that is made
	// otherwise faults here too, but no CPU is in an access then: the fault is
	// nobody's, and is repeated until another task has brought the page in.
	KernelFaults bool
	// Refusals asks for UFFDIO_POISON (Linux 6.6) too, without which a fault of
	// a system call could only be resolved.
	Refusals bool
}

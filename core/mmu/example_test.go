package mmu_test

import (
	"fmt"

	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// pager is a fault handler that gives every page a fresh frame.
type pager struct {
	mem mmu.Memory
}

func (p *pager) Fault(cpu *mmu.CPU, v mmu.VMA, idx int64, access mmu.Access) error {
	f, err := p.mem.Alloc(cpu.Thread, idx)
	if err != nil {
		return err
	}
	copy(f.Mem, fmt.Sprintf("page %d", idx))
	return v.Install(idx, f, access != mmu.Read)
}

// A load from a page without a translation calls the handler, which installs
// one; the load is then tried again.
func Example() {
	mem := mmu.NewSoft()
	cpu := &mmu.CPU{Thread: sched.NewGroup().Thread("main")}
	v, err := mem.NewVMA(cpu.Thread, 0, 4, &pager{mem: mem})
	if err != nil {
		panic(err)
	}
	p := make([]byte, 6)
	n, err := v.Read(cpu, p, 2*mmu.PageSize)
	fmt.Println(n, err, string(p))
	fmt.Println(v.Mapped(2))
	mem.Zap(cpu.Thread, 2)
	fmt.Println(v.Mapped(2))
	// Output:
	// 6 <nil> page 2
	// true false
	// false false
}

package sequential

import (
	"fmt"

	"cohbench/core"
	"cohbench/core/sched"
)

// lockModel is a lock and the count of its holders.
type lockModel struct {
	lock           core.PagecacheLock
	adders, blocks int
	exclusive      bool // one blocker at most
}

// newLocks makes one of each kind.
func newLocks() [2]*lockModel {
	return [2]*lockModel{{lock: new(core.TwoStateLock)}, {lock: new(core.RWSemLock), exclusive: true}}
}

// try is what a Try must answer while nobody waits.
func (m *lockModel) try(k kind) bool {
	if k == tryAdd {
		return m.blocks == 0
	}
	return m.adders == 0 && (!m.exclusive || m.blocks == 0)
}

// do runs one operation. A release of what nobody holds is left out.
func (m *lockModel) do(t *sched.Thread, k kind) error {
	switch k {
	case tryAdd:
		return m.took(k, m.lock.TryAdd(t), &m.adders)
	case tryBlock:
		return m.took(k, m.lock.TryBlock(t), &m.blocks)
	case unadd:
		if m.adders > 0 {
			m.adders--
			m.lock.Unadd(t)
		}
	case unblock:
		if m.blocks > 0 {
			m.blocks--
			m.lock.Unblock(t)
		}
	}
	return nil
}

// took compares the answer of a Try with the model's, and counts the holder.
func (m *lockModel) took(k kind, got bool, holders *int) error {
	if want := m.try(k); got != want {
		return &failure{"fuzz: a lock was granted or refused against its rules",
			fmt.Sprintf("%T with %d adders and %d blockers: %s: %v", m.lock, m.adders, m.blocks, k, got)}
	}
	if got {
		*holders++
	}
	return nil
}

// release gives back what is held; the lock must then be free.
func (m *lockModel) release(t *sched.Thread) error {
	for m.adders > 0 {
		m.do(t, unadd)
	}
	for m.blocks > 0 {
		m.do(t, unblock)
	}
	for _, k := range []kind{tryBlock, unblock, tryAdd, unadd} {
		if err := m.do(t, k); err != nil {
			return err
		}
	}
	return nil
}

package core

// PageState is what is known of one place of a cache.
type PageState struct {
	Cached    bool
	Uptodate  bool
	Dirty     bool
	Writeback bool
	Mem       []byte // the contents; to be read only
}

// Inspect looks at page idx without a reference or a step, to draw what a run
// does.
//
// Preconditions: nobody runs; that is, the caller is a sched.Picker, or the
// tasks have ended.
func (m *AddressSpace) Inspect(idx PageIndex) PageState {
	slot := m.pages.slot(idx)
	if slot == nil {
		return PageState{}
	}
	p := slot.Load()
	if p == nil {
		return PageState{}
	}
	s := PageState{Cached: true, Uptodate: p.is(pageUptodate), Dirty: p.is(pageDirty), Writeback: p.is(pageWriteback)}
	if p.frame != nil {
		s.Mem = p.frame.Mem
	}
	return s
}

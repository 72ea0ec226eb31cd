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

// Leaked names what tasks that have ended left behind in the cache: a reference,
// a page lock, a direct IO counted as in flight, or counts of pages that are
// off; "" for nothing.
//
// Preconditions: as for Inspect, and no task ended inside an operation.
func (m *AddressSpace) Leaked() string {
	var cached, dirty int64
	for _, p := range m.poolAll {
		refs := int32(0)
		if p.mapping.Load() == m {
			refs = 1
			cached++
		}
		if refs == 1 && p.is(pageDirty) {
			dirty++
		}
		switch {
		case p.refs.Load() != refs:
			return "a reference to a page"
		case refs == 1 && p.is(pageLocked):
			return "a page lock"
		}
	}
	switch {
	case m.direct.Load() != 0:
		return "a direct IO in flight"
	case m.cached.Load() != cached, m.dirty.Load() != dirty, m.writebacks.Load() != 0:
		return "a count of pages"
	}
	return ""
}

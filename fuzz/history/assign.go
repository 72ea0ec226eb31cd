package history

// assign finds a source for each read whose value has several, such that all
// is in order, or reports that there is none. If something is out of order
// without them, each is only looked at by itself.
func (c *Checker) assign() {
	broken := len(c.found) > 0
	kept := c.vague[:0]
	for _, r := range c.vague {
		switch n, some := c.candidates(r); {
		case n == 0:
			c.report(c.hopeless(r))
			broken = true
		case n == 1:
			c.zones[some].extend(c.ops, r.read)
		default:
			kept = append(kept, r)
		}
	}
	c.vague = kept
	if broken {
		return
	}
	if ok := c.try(0); !ok && !c.Unknown {
		c.blame()
	}
}

// candidates counts the zones that r could belong to as far as the others are
// known, and returns one.
func (c *Checker) candidates(r vagueRead) (n int, some int32) {
	for i := r.from; i < r.to; i++ {
		if c.fits(r.read, i) == nil {
			n, some = n+1, i
		}
	}
	return n, some
}

// fits returns the zone that keeps a read out of zone i, or nil. The zone
// itself stands for a read that ended before the write.
func (c *Checker) fits(read, i int32) *zone {
	x := c.zones[i]
	if c.ops[read].End < c.ops[x.write].Start {
		return &c.zones[i]
	}
	x.extend(c.ops, read)
	for j := range c.zones {
		if y := &c.zones[j]; int32(j) != i && c.happened(y) && x.conflicts(y) {
			return y
		}
	}
	return nil
}

// hopeless describes a read that fits none of its sources: what keeps it out
// of the one that started last.
func (c *Checker) hopeless(r vagueRead) Violation {
	early := Violation{Early, c.ops[r.read].ID, c.ops[c.zones[r.from].write].ID, None, None}
	for i := r.to - 1; i >= r.from; i-- {
		y := c.fits(r.read, i)
		if y == &c.zones[i] {
			continue
		}
		x := c.zones[i]
		x.extend(c.ops, r.read)
		return c.explain(&x, y)
	}
	return early
}

// try gives sources to the reads from k on. As no zone ever conflicts with
// another, the history is in order when all have one.
func (c *Checker) try(k int) bool {
	if k == len(c.vague) {
		return true
	}
	if c.tries++; c.tries > MaxTries {
		c.Unknown = true
		return false
	}
	r := c.vague[k]
	for i := r.from; i < r.to && !c.Unknown; i++ {
		if c.fits(r.read, i) != nil {
			continue
		}
		was := c.zones[i]
		c.zones[i].extend(c.ops, r.read)
		if c.try(k + 1) {
			return true
		}
		c.zones[i] = was
	}
	return false
}

// blame reports a read when no choice of sources is in order: the first that
// finds no place, each before it taking the latest that it fits.
func (c *Checker) blame() {
	for _, r := range c.vague {
		i := r.to - 1
		for i >= r.from && c.fits(r.read, i) != nil {
			i--
		}
		if i < r.from {
			c.report(c.hopeless(r))
			return
		}
		c.zones[i].extend(c.ops, r.read)
	}
	panic("history: a choice of sources that was not tried")
}

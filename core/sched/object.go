package sched

import (
	"fmt"
	"strconv"
)

// Object is one lock, as the wait-for graph knows it. The zero value works;
// whoever owns the lock names it before it is shared.
type Object struct {
	Name  string       // what kind of lock: a constant, such as "add lock"
	Owner fmt.Stringer // whose it is; optional. Asked for reports only, so that making a lock formats nothing
	ID    uint64       // number of the object in its case, and its Loc; 0 = none
}

// Loc is the location of the object for [Thread.Yield].
func (o *Object) Loc() Loc {
	if o.ID == 0 {
		return LocAny
	}
	return Loc(o.ID)
}

func (o *Object) String() string {
	name := o.Name
	if name == "" {
		name = "lock"
	}
	switch {
	case o.Owner != nil:
		return name + " of " + o.Owner.String()
	case o.ID != 0:
		return name + " " + strconv.FormatUint(o.ID, 10)
	}
	return name
}

// Hold is an object, and the mode in which a thread holds or wants it.
type Hold struct {
	Object *Object
	Mode   Mode
}

func (h Hold) String() string { return h.Mode.String() + " of " + h.Object.String() }

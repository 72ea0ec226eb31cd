package prog

// Cond is what is looked for in a run: a violation, or a statement about the
// values that the run produced.
type Cond struct {
	Note
	Kind CondKind
	Seen Violation // CondSeen: one violation
	A, B Operand   // CondEqual, CondDiffer
	Sub  []Cond    // CondNot: one; CondAnd and CondOr: two or more
}

// CondKind is how a condition is made up.
type CondKind uint8

// The kinds of conditions.
const (
	CondSeen CondKind = iota
	CondEqual
	CondDiffer
	CondNot
	CondAnd
	CondOr
)

// Operand is a value in a condition.
type Operand struct {
	Kind OperandKind
	Reg  string // OperandReg
	Task int    // OperandWrote
	Op   int    // OperandWrote: from 0
	File int    // OperandFinal
	Off  int64  // OperandFinal: bytes, a multiple of 8
}

// OperandKind is where a value comes from.
type OperandKind uint8

// The kinds of operands.
const (
	OperandReg   OperandKind = iota // what a register holds
	OperandInit                     // what the file held there before
	OperandZero                     // zeros
	OperandWrote                    // what operation Op of task Task wrote there
	OperandFinal                    // what the file holds at Off at the end
	OperandNone                     // a register that was never set: its operation failed or returned nothing
)

// Seeks is the violations that the program's conditions are about; all but
// legal ones if it has no conditions.
func (p *Program) Seeks() Violation {
	if len(p.Conds) == 0 {
		return Incoherence | Deadlock | Livelock | Panic
	}
	return seen(p.Conds)
}

func seen(list []Cond) (all Violation) {
	for i := range list {
		all |= list[i].Seen | seen(list[i].Sub)
	}
	return all
}

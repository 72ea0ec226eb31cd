package prog

import "fmt"

// SectorSize is the unit of direct IO in bytes.
const SectorSize = 512

// wrong says what is wrong with the numbers of an operation, or "".
func (o *Op) wrong() string {
	unit, what := int64(8), "goes by cells of 8 bytes"
	switch {
	case o.Kind.Sectors():
		unit, what = SectorSize, "goes by sectors of 512 bytes"
	case o.Kind == Reflink:
		unit, what = PageSize, "goes by whole pages"
	}
	for _, n := range []int64{o.Off, o.Len, o.Buf.Off} {
		if n%unit != 0 {
			return fmt.Sprintf("%s %s: %d does not", o.Kind, what, n)
		}
	}
	return ""
}

package workloads

import (
	"fmt"
	"strings"
)

// All is the list of workloads, in display order.
func All() []*Workload {
	return []*Workload{
		DirectRead,
		DirectWrite,
		DirectWriteLoad,
		DirectWriteStore,
		DirectWriteStoreBeside,
		DirectWriteBufferedRead,
		DirectReadBufferedWrite,
		Mixed,
		MixedOneLock,
		SelfBuffer,
		CrossBuffer,
		RingBuffer,
		FaultStorm,
		TruncateFault,
		BufferedWrite,
		DirectOnly,
	}
}

// Lookup finds a workload by its name.
func Lookup(name string) (*Workload, error) {
	var names []string
	for _, w := range All() {
		if w.Name == name {
			return w, nil
		}
		names = append(names, w.Name)
	}
	return nil, fmt.Errorf("unknown workload %q; there are %s", name, strings.Join(names, ", "))
}

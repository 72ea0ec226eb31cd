package mmu_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// span is how long a stress lasts: COHBENCH_STRESS, or the default, or a
// quarter of that with -short.
func span(t *testing.T, d time.Duration) time.Duration {
	if s := os.Getenv("COHBENCH_STRESS"); s != "" {
		long, err := time.ParseDuration(s)
		if err != nil {
			t.Fatalf("COHBENCH_STRESS: %v", err)
		}
		return long
	}
	if testing.Short() {
		return d / 4
	}
	return d
}

// until runs the bodies again and again, each on a task of its own, beside a
// garbage collector that never rests, until the time is up or one says false.
func (w *world) until(d time.Duration, bodies ...func(cpu *mmu.CPU, n uint64) bool) {
	var stop atomic.Bool
	collector := make(chan struct{})
	go func() {
		for !stop.Load() {
			runtime.GC()
		}
		close(collector)
	}()
	for i, body := range bodies {
		w.g.Go(fmt.Sprint("task ", i), func(th *sched.Thread) {
			cpu := &mmu.CPU{Thread: th}
			for n := uint64(1); !stop.Load() && body(cpu, n); n++ {
			}
			stop.Store(true)
		})
	}
	timer := time.AfterFunc(d, func() { stop.Store(true) })
	_ = w.g.Wait()
	timer.Stop()
	<-collector
}

// TestNothingInFlight: when Zap returns, no store that began before it is
// still to come, and the same for Protect.
func TestNothingInFlight(t *testing.T) {
	for name, shoot := range map[string]func(w *world, t *sched.Thread){
		"zap":     func(w *world, t *sched.Thread) { w.mem.Zap(t, 0) },
		"protect": func(w *world, t *sched.Thread) { w.mem.Protect(t, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, w *world) { w.nothingInFlight(t, w.vma(1), shoot) })
		})
	}
}

func (w *world) nothingInFlight(t *testing.T, v mmu.VMA, shoot func(w *world, t *sched.Thread)) {
	buf := make([]byte, mmu.PageSize)
	w.until(span(t, 400*time.Millisecond),
		func(cpu *mmu.CPU, n uint64) bool { return v.Store(cpu, 8, n) == nil },
		func(cpu *mmu.CPU, n uint64) bool {
			for i := range 8 {
				buf[1024+i] = byte(n)
			}
			_, err := v.Write(cpu, buf[1024:2048], 1024)
			return err == nil
		},
		func(cpu *mmu.CPU, n uint64) bool {
			p := &w.pages[0]
			p.Lock()
			defer p.Unlock()
			if p.frame == nil {
				return true
			}
			shoot(w, cpu.Thread)
			before, after := make([]byte, mmu.PageSize), make([]byte, mmu.PageSize)
			mmu.Copy(before, p.frame.Mem)
			for range n % 50 {
				runtime.Gosched()
			}
			mmu.Copy(after, p.frame.Mem)
			if string(before) != string(after) {
				t.Error("the page changed after the shootdown")
				return false
			}
			return true
		})
}

// TestStorm: loads, stores and copies of some tasks on the same pages, while
// others zap and protect, and the faults of yet others fail. No store is lost,
// no load sees anything but what was stored, later ones later.
func TestStorm(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		const pages = 4
		v, u := w.vma(pages), w.vma(pages)
		unlucky := "task 0"
		w.failing(func(cpu *mmu.CPU, _ int64, _ mmu.Access) error {
			if cpu.Name == unlucky {
				return errFault
			}
			return nil
		})
		var failed, zapped atomic.Int64
		bodies := []func(cpu *mmu.CPU, n uint64) bool{
			func(cpu *mmu.CPU, n uint64) bool { // fails whenever it faults, and disturbs nobody
				off := int64(n%pages) * mmu.PageSize
				_, err := v.Load(cpu, off+16)
				serr := v.Store(cpu, off+256, n)
				for _, err := range []error{err, serr} {
					if errors.Is(err, errFault) {
						failed.Add(1)
					} else if err != nil {
						t.Errorf("failing access: %v", err)
					}
				}
				return true
			},
			func(cpu *mmu.CPU, n uint64) bool {
				idx := int64(n % pages)
				p := &w.pages[idx]
				p.Lock()
				if n%3 == 0 {
					w.mem.Protect(cpu.Thread, idx)
				} else {
					w.mem.Zap(cpu.Thread, idx)
				}
				p.Unlock()
				zapped.Add(1)
				_ = cpu.Spin(0)
				return true
			},
		}
		for i := range 3 {
			bodies = append(bodies, w.storer(t, []mmu.VMA{v, u}, int64(1024+8*i), pages))
		}
		w.until(span(t, 1500*time.Millisecond), bodies...)
		t.Logf("%d accesses failed, %d shootdowns", failed.Load(), zapped.Load())
		if failed.Load() == 0 {
			t.Error("no access failed: the test shows less than it should")
		}
	})
}

// storer stores growing numbers to its own cell of each page, and looks at
// them through both mappings.
func (w *world) storer(t *testing.T, vmas []mmu.VMA, off int64, pages uint64) func(cpu *mmu.CPU, n uint64) bool {
	page := make([]byte, mmu.PageSize)
	return func(cpu *mmu.CPU, n uint64) bool {
		base := int64(n%pages) * mmu.PageSize
		store, load := vmas[n%2], vmas[n/2%2]
		if err := store.Store(cpu, base+off, n<<8); err != nil {
			t.Error(err)
			return false
		}
		x, err := load.Load(cpu, base+off)
		if err != nil || x != n<<8 {
			t.Errorf("stored %#x, loaded %#x, %v", n<<8, x, err)
			return false
		}
		if _, err := load.Read(cpu, page, base); err != nil {
			t.Error(err)
			return false
		}
		if y := word(page[off:]); y != n<<8 {
			t.Errorf("stored %#x, copied %#x", n<<8, y)
			return false
		}
		return true
	}
}

func word(p []byte) (x uint64) {
	for i := range 8 {
		x |= uint64(p[i]) << (8 * i)
	}
	return x
}

// TestSleepingHandlers: faults that wait for a lock do not delay another one.
func TestSleepingHandlers(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		const sleepers = 6
		v := w.vma(worldPages)
		asleep, wakeUp := make(chan bool, sleepers), make(chan bool)
		w.failing(func(cpu *mmu.CPU, idx int64, _ mmu.Access) error {
			if idx < sleepers {
				asleep <- true
				<-wakeUp
			}
			return nil
		})
		for i := range int64(sleepers) {
			w.g.Go(fmt.Sprint("sleeper ", i), func(th *sched.Thread) {
				x, err := v.Load(&mmu.CPU{Thread: th}, i*mmu.PageSize)
				if err != nil || x != initialWord(i) {
					t.Errorf("page %d: %#x, %v", i, x, err)
				}
			})
			<-asleep
			for idx := int64(sleepers); idx < worldPages; idx++ {
				w.load(v, idx*mmu.PageSize)
				w.drop(w.main.Thread, idx)
			}
		}
		close(wakeUp)
		_ = w.g.Wait()
	})
}

// TestSameFaultManyTasks: everybody faults on one page at once, and gets it.
func TestSameFaultManyTasks(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		v := w.vma(1)
		var bodies []func(cpu *mmu.CPU, n uint64) bool
		for range 5 {
			bodies = append(bodies, func(cpu *mmu.CPU, n uint64) bool {
				x, err := v.Load(cpu, 8)
				if err != nil || x != initialWord(0) {
					t.Errorf("%#x, %v", x, err)
				}
				w.drop(cpu.Thread, 0)
				return err == nil
			})
		}
		w.until(span(t, 800*time.Millisecond), bodies...)
	})
}

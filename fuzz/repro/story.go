package repro

import "fmt"

// tell makes the statements of play and, for people, the story.
func (s *source) tell() {
	for i, e := range s.order.Events {
		id, text := s.id(e.Task, e.Op), s.p.Tasks[e.Task].Name+": "+s.p.OpString(&s.p.Tasks[e.Task].Ops[e.Op])
		story := fmt.Sprintf("%d. %s", len(s.Story)+1, text)
		switch {
		case e.Part == Whole || e.Part == Begin && s.Stops == 0:
			s.Play = append(s.Play, "run("+id+"); /* "+comment(text)+" */")
		case s.Stops == 0, e.Part == Finish && s.order.Events[i-1].Part == Land && s.Stops == 1:
			continue // the same turn of the same task
		default:
			s.Play = append(s.Play, s.step(e, id)...)
			story = fmt.Sprintf("%d. %s %s", len(s.Story)+1, text, s.progress(e))
		}
		s.Story = append(s.Story, comment(story))
	}
}

// step is the statements that take the held IO further.
func (s *source) step(e Event, id string) []string {
	switch {
	case e.Part == Begin:
		return []string{"await_first_stop(" + id + ");"}
	case e.Part == Land && s.Stops == 2:
		return []string{
			"go_on(0, held.bytes);",
			"await_stop(" + id + ", held.bytes / PAGE);",
			"await_landed(" + id + ");",
		}
	case e.Part == Land:
		return []string{"go_on(0, held.bytes);", "finish(" + id + ");"}
	}
	return []string{"go_on(held.bytes, PAGE);", "finish(" + id + ");"}
}

// progress says what the held IO has done after a step.
func (s *source) progress(e Event) string {
	switch {
	case e.Part == Begin:
		return "begins, and stands where the cache is dropped and nothing submitted"
	case e.Part == Land && s.Stops == 2:
		return "goes on, and stands where its data is on the disk"
	}
	return "goes on to its end"
}

package view

func stepIndex(current string, steps []Step) int {
	for i, s := range steps {
		if s.Key == current {
			return i
		}
	}
	return -1
}

func stepDone(current string, steps []Step, i int) bool { return i < stepIndex(current, steps) }

func stepClass(current string, steps []Step, i int) string {
	switch at := stepIndex(current, steps); {
	case i < at:
		return "step step-done"
	case i == at:
		return "step step-now"
	}
	return "step"
}

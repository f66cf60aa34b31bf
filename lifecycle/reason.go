package lifecycle

// Reasons of waiting and ended containers, as the API spells them
// (pkg/kubelet/images/types.go, container/sync_result.go and
// kuberuntime/kuberuntime_container.go; those of ends are containerd's).
const (
	ReasonContainerCreating  = "ContainerCreating"
	ReasonCrashLoopBackOff   = "CrashLoopBackOff"
	ReasonImagePull          = "ErrImagePull"
	ReasonImagePullBackOff   = "ImagePullBackOff"
	ReasonImageNeverPull     = "ErrImageNeverPull"
	ReasonImageInspect       = "ImageInspectError"
	ReasonImageInvalidName   = "InvalidImageName"
	ReasonCreateConfig       = "CreateContainerConfigError"
	ReasonCreateContainer    = "CreateContainerError"
	ReasonRunContainer       = "RunContainerError"
	ReasonPodInitializing    = "PodInitializing"
	ReasonPostStartHook      = "PostStartHookError"
	ReasonRestartingAll      = "RestartingAllContainers"
	ReasonCompleted          = "Completed"
	ReasonError              = "Error"
	ReasonOOMKilled          = "OOMKilled"
	ReasonStartError         = "StartError"
	ReasonStatusUnknown      = "ContainerStatusUnknown"
	ReasonSandboxNotReady    = "PodSandboxNotReady"
	ReasonPodCompleted       = "PodCompleted"
	ReasonPodFailed          = "PodFailed"
	ReasonContainersNotReady = "ContainersNotReady"
	ReasonGatesNotReady      = "ReadinessGatesNotReady"
	ReasonNotInitialized     = "ContainersNotInitialized"
	ReasonRestartAllStarted  = "RestartAllContainersStarted"
	ReasonDeadlineExceeded   = "DeadlineExceeded" // of the pod, and of an event
)

// Reasons of events (pkg/kubelet/events/event.go).
const (
	ReasonPulling         = "Pulling"
	ReasonPulled          = "Pulled"
	ReasonCreated         = "Created"
	ReasonStarted         = "Started"
	ReasonFailed          = "Failed"
	ReasonKilling         = "Killing"
	ReasonBackOff         = "BackOff"
	ReasonInspectFailed   = "InspectFailed"
	ReasonSandboxFailed   = "FailedCreatePodSandBox"
	ReasonUnhealthy       = "Unhealthy"
	ReasonProbeWarning    = "ProbeWarning"
	ReasonFailedPostStart = "FailedPostStartHook"
	ReasonFailedPreStop   = "FailedPreStopHook"
)

// What a kubelet reports of an instance whose end nobody saw
// (pkg/kubelet/status/status_manager.go TerminatePod).
const (
	unknownExitCode = 137
	unknownMessage  = "The container could not be located when the pod was terminated"
	// and of one that was removed to start all containers again.
	removedMessage = "The container is removed because RestartAllContainers in place"
)

// startErrorCode is the exit code that containerd gives to an instance whose
// program could not be executed.
const startErrorCode = 128

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
)

// Reasons of events (pkg/kubelet/events/event.go).
const (
	ReasonPulling       = "Pulling"
	ReasonPulled        = "Pulled"
	ReasonCreated       = "Created"
	ReasonStarted       = "Started"
	ReasonFailed        = "Failed"
	ReasonKilling       = "Killing"
	ReasonBackOff       = "BackOff"
	ReasonInspectFailed = "InspectFailed"
	ReasonSandboxFailed = "FailedCreatePodSandBox"
)

// What a kubelet reports of an instance whose end nobody saw
// (pkg/kubelet/status/status_manager.go TerminatePod).
const (
	unknownExitCode = 137
	unknownMessage  = "The container could not be located when the pod was terminated"
)

// startErrorCode is the exit code that containerd gives to an instance whose
// program could not be executed.
const startErrorCode = 128

"""The frozen vocabulary: values only, checked where they are made."""
